"""TDMS recordings of LabVIEW and DAQmx."""
