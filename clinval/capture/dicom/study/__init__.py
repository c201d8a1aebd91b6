"""From values of headers to the rows, files and workbooks of a study."""
