"""Bridges to other libraries; nothing here is imported by `import sdtheory`."""
