"""From burned-in text to UTC."""
