"""What the columns of a file mean by the names that people give them, in a few languages. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from experiments.rows.column_mapping import ColumnMapping, SplitColumn, mapping_of
from experiments.rows.new_items import text_of

USUAL = {
    "input": (
        *("input", "question", "prompt", "text", "instruction", "query", "problem", "task", "user_input", "user"),
        *("frage", "aufgabe", "eingabe", "fragestellung", "aufgabenstellung"),
        *("consigne", "énoncé", "pregunta", "entrada", "domanda", "pergunta", "vraag"),
    ),
    "expected": (
        *("expected", "expected_output", "expected_answer", "answer", "correct_answer", "target", "label"),
        *("solution", "reference", "reference_answer", "gold", "gold_answer", "ground_truth", "correct", "ideal"),
        *("erwartet", "erwartete_antwort", "antwort", "lösung", "loesung", "musterlösung", "musterloesung", "ergebnis"),
        *("réponse", "reponse", "attendu", "respuesta", "solución", "solucion", "risposta", "resposta", "antwoord"),
        *("output", "response", "completion", "answers"),
    ),
    "key": ("key", "id", "uid", "uuid", "item_id", "case_id", "question_id", "nr", "no", "nummer", "index"),
    "tags": ("tags", "tag"),
    "split": ("split",),
    "checks": ("checks",),
}
"""The roles in the order in which they choose, each with its names, the surest first."""

IN_BRACKETS = re.compile(r"[(\[].*?[)\]]")
BETWEEN_WORDS = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """Return a column's name without case, brackets and signs: "Expected Answer (EN)" is expected_answer."""
    return BETWEEN_WORDS.sub("_", IN_BRACKETS.sub(" ", name).casefold()).strip("_")


def usual_roles(columns: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that have a usual name, each with what it means; a role is given once."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(folded(column), column)
    found = {role: next((by_name[word] for word in words if word in by_name), None) for role, words in USUAL.items()}
    return {column: role for role, column in found.items() if column is not None}


def mapping_meant(first: Mapping[str, Any], *, is_table: bool) -> ColumnMapping:
    """Return what the columns of a first row mean: the names that an export writes, else usual ones.

    What has no usual name is metadata. Without one for the input it is "input", a column that is not there.
    """
    usual = {role: column for column, role in usual_roles(first).items()}
    is_exported = "input" in first and ("expected" in first or "expected" not in usual)
    if is_exported or "input" not in usual or any(name.startswith("input.") for name in first):
        return mapping_of(first, is_table=is_table)
    others = [column for column in first if column not in usual.values()]
    return ColumnMapping(
        input=usual["input"],
        key=usual.get("key", ""),
        is_key_optional=not is_table,
        expected=SplitColumn(usual["expected"]) if "expected" in usual else None,
        metadata={column.removeprefix("metadata."): column for column in others},
        tags=SplitColumn(usual["tags"], "|") if "tags" in usual else None,
        split=usual.get("split", ""),
        checks=usual.get("checks", ""),
    )


def guessed_roles(first: Mapping[str, Any]) -> dict[str, str]:
    """Return what each column of a first row is taken for: what has no usual name is metadata.

    Without a usual name for the input it is the longest of the other texts.
    """
    usual = usual_roles(first)
    roles = {column: usual.get(column, "metadata") for column in first}
    if "input" not in usual.values() and roles:
        others = [column for column, role in roles.items() if role == "metadata"]
        others = others or [column for column, role in roles.items() if role != "key"] or list(roles)
        roles[max(others, key=lambda column: len(text_of(first[column])))] = "input"
    return roles
