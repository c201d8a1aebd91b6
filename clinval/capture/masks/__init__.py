"""Mask files: NIfTI, DICOM Segmentation and numpy arrays, on one grid.

Reading NIfTI and DICOM Segmentation is an optional part of an installation:
``pip install "clinval[masks]"``.
"""
