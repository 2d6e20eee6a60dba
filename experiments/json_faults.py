"""What is wrong with a text that should be JSON, in our words for those of Python's parser."""

from json import JSONDecodeError

SENTENCES = {
    "Expecting value": "a value is expected",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected",
    "Expecting ',' delimiter": '"," is expected',
    "Expecting ':' delimiter": '":" is expected',
    "Extra data": "there is more behind the end",
    "Unterminated string starting at": "a text without its closing quote begins",
    "Invalid control character at": "a line break or tab is within a text, where \\n or \\t has to be written,",
    "Invalid \\escape": 'a "\\" that begins no sign of JSON, which is written \\\\, stands',
    "Invalid \\uXXXX escape": "\\u is not followed by four signs of a number",
    "Illegal trailing comma before end of object": 'a "," stands before the end of an object',
    "Illegal trailing comma before end of array": 'a "," stands before the end of a list',
}
"""By the parser's own; a place may follow each."""


def fault_of(error: JSONDecodeError) -> str:
    """Return what is wrong, without its place; the parser's own words where they are not known."""
    return SENTENCES.get(error.msg.removesuffix(": "), error.msg)


def placed_fault(error: JSONDecodeError) -> str:
    """Return what is wrong and where, counted from 1: "," is expected in line 2, column 5."""
    return f"{fault_of(error)} in line {error.lineno}, column {error.colno}"
