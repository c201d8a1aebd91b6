"""Reports: records and the protocol become neutral blocks, and blocks become a PDF."""
