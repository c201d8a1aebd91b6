"""Files of reader studies: iMRMC, RJafroc workbooks, tables with a read a row."""
