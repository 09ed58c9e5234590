"""Public functions that are not compared with high precision, each with the reason."""

NOT_COMPARED: dict[str, str] = {}
