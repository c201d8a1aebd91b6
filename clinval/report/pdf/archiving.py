"""Make a drawn file one that archives keep: PDF/A with conformance A, and PDF/UA-1.

The drawn file has its fonts, its structure and its links; what is added here says what its colours
mean, what it is, which files it carries and which standards it keeps to. The same file and the
same document give the same bytes.
"""

from __future__ import annotations

import hashlib
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from clinval.core.resources import folder

if TYPE_CHECKING:
    from pathlib import Path

    from clinval.report.blocks import Archive, Attachment, Document

__all__ = ["MOMENT", "archive"]

MOMENT = 946684800  # the start of 2000: no clock, the same document gives the same bytes
_PROGRAM = "clinval"


def archive(path: Path, document: Document) -> None:
    """Make a drawn file an archival one, in its place.

    Parameters
    ----------
    path
        A tagged PDF with embedded fonts.
    document
        What was drawn: its title, author, language and :class:`~clinval.report.blocks.Archive`.

    Notes
    -----
    ISO 19005-2 and 19005-3 (PDF/A), clauses 6.2.3 (output intent), 6.6 (metadata) and 6.8
    (embedded files); ISO 14289-1 (PDF/UA), clause 5 (identification).
    """
    import pikepdf

    archival = BytesIO()
    with pikepdf.open(path) as pdf:
        _set_colours(pdf)
        _set_properties(pdf, document)
        _attach(pdf, document.archive.attachments)
        pdf.save(
            archival,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    path.write_bytes(archival.getvalue())


def _set_colours(pdf: Any) -> None:
    """Say that the colours are those of sRGB, with its profile."""
    from pikepdf import Array, Dictionary, Name

    profile = pdf.make_stream((folder("reports") / "colour" / "sRGB.icc").read_bytes(), N=3)
    name = "sRGB IEC61966-2.1"
    intent = Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=name, Info=name,
        DestOutputProfile=profile,
    )  # fmt: skip
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _set_properties(pdf: Any, document: Document) -> None:
    """Say what the document is, in both places that readers look at, alike."""
    from pikepdf import Dictionary, Name

    day = time.strftime("D:%Y%m%d%H%M%SZ", time.gmtime(MOMENT))
    information = Dictionary(
        Title=document.title, Author=document.author, Creator=_PROGRAM, Producer=_PROGRAM,
        CreationDate=day, ModDate=day,
    )  # fmt: skip
    pdf.trailer.Info = pdf.make_indirect(information)
    packet = _metadata(document.title, document.author, document.language_tag, document.archive)
    pdf.Root.Metadata = pdf.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)


def _attach(pdf: Any, attachments: tuple[Attachment, ...]) -> None:
    """Embed files and say that they are the data of the document."""
    from pikepdf import Array, Dictionary, Name, String

    if not attachments:
        return
    day = time.strftime("D:%Y%m%d%H%M%SZ", time.gmtime(MOMENT))
    files = {}
    for one in attachments:
        digest = hashlib.md5(one.content, usedforsecurity=False).digest()
        content = pdf.make_stream(
            one.content, Type=Name.EmbeddedFile, Subtype=Name(f"/{one.media_type}"),
            Params=Dictionary(Size=len(one.content), ModDate=day, CheckSum=String(digest)),
        )  # fmt: skip
        specification = Dictionary(
            Type=Name.Filespec, F=one.name, UF=one.name, Desc=one.description,
            AFRelationship=Name.Data, EF=Dictionary(F=content, UF=content),
        )  # fmt: skip
        files[one.name] = pdf.make_indirect(specification)
    pdf.Root.AF = Array(files.values())
    names = [item for name in sorted(files) for item in (String(name), files[name])]
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(names)))


# PDF/A knows no properties but its own: those of PDF/UA have to be described.
_PDFUA_SCHEMA = """<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file keeps to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>"""


def _metadata(title: str, author: str, language_tag: str, archive: Archive) -> bytes:
    """Return the XMP packet: the document's properties and the standards it keeps to."""
    title, author = escape(title), escape(author)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(MOMENT))
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{language_tag}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{created}</xmp:CreateDate><xmp:ModifyDate>{created}</xmp:ModifyDate>
<xmp:CreatorTool>{_PROGRAM}</xmp:CreatorTool><pdf:Producer>{_PROGRAM}</pdf:Producer>
<pdfaid:part>{archive.part}</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
<pdfuaid:part>1</pdfuaid:part>
{_PDFUA_SCHEMA}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>
""".encode()
