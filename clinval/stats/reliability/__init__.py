"""The life of components: survival, failure rates, renewals and availability."""
