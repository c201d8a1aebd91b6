"""Where DICOM files are: folders, archives, media with a directory."""
