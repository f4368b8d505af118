"""Tests of the partition writer, part by part; the simulator plays it as a whole."""
