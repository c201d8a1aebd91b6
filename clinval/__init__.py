"""clinval: one protocol file drives a multicenter validation study of an imaging product."""

__version__ = "0.1.0"
