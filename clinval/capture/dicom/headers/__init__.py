"""Headers of DICOM files as texts: a fast reader, and pydicom where anything is odd."""
