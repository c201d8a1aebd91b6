"""What every layer shares: problems with places, errors, records, results, provenance, text."""
