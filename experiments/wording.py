"""Numbers in sentences."""

from decimal import Decimal

CENT, THOUSAND = 0.01, 1000
MINUS = "−"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, as in "1 error" and "2,000 errors"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def dollars(usd: float | Decimal) -> str:
    """Return an amount of US dollars: $0.0042, $0.0010, $0.10, $1.84, $1,204; below a cent two significant digits."""
    amount, sign = abs(float(usd)), MINUS if usd < 0 else ""
    if round(amount, 2) >= THOUSAND:
        return f"{sign}${amount:,.0f}"
    if amount == 0 or round(amount, 4) >= CENT:
        return f"{sign}${amount:.2f}"
    return f"{sign}${Decimal(f'{amount:.1e}'):f}"
