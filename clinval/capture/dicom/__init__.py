"""Scan time, dose and device from the headers of images and from dose reports.

A file is read (`reading`), looked at by the gate (`gate`) and becomes an `Instance`, which holds
nothing that tells whose it is. From instances come `Measured` values, each with its source, its
unit, its confidence and the instances it rests on.
"""
