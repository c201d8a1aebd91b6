"""Capture: what sites fill in, and what comes back.

`template` writes one workbook a site, from the forms of the protocol. `workbook` reads what the
site sends back and names every defect with its cell. Between the two stands a person in a
hurry, so the template guides and the reader trusts nothing: validation of a workbook ends where
somebody pastes.

The same forms go out for other systems: `instrument` says what is captured as plain data, and
`redcap`, `xlsform` and the ODM writers are made from it.

``writing`` and ``reading`` hold the parts of the two. What both must agree on stands beside them:
`layout` (which columns, under which headings) and `stamp` (what a workbook says it was made for).
"""

__all__: list[str] = []
