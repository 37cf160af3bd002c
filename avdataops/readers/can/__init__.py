"""CAN frames and their decoding by DBC, for every format that holds raw bus traffic."""
