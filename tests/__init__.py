"""Tests. They mirror the code; flows, faults and simulation stand beside."""
