"""The one public door: websites, desk, operators."""
