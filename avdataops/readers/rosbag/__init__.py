"""ROS recordings: containers (bag, db3, MCAP) and message encodings, apart from each other."""
