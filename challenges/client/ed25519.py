"""Verify Ed25519 signatures with the standard library only, for machines without a library.

Verification handles no secret, so that plain integers are enough; about 10 ms a signature.
Source: RFC 8032, §5.1. Oracle: the cryptography package and the vectors of RFC 8032, §7.1.
"""

import hashlib

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_BASE_Y = 4 * pow(5, -1, _P) % _P

# A point in extended coordinates: X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
_Point = tuple[int, int, int, int]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature (64 bytes) of a message was made by the owner of a public key.

    public: 32 raw bytes. False for anything malformed; never raises on bytes.
    """
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    key = _decoded(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    point = _sum(_times(scalar, _BASE), _times(challenge, _opposite(key)))
    return _encoded(point) == signature[:32]


def _x_of(y: int, sign: int) -> int | None:
    """Return the x of a point of the curve by its y and the parity of x, or None."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return _P - x if x % 2 != sign else x


def _decoded(data: bytes) -> _Point | None:
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255, number >> 255
    x = _x_of(y, sign) if y < _P else None
    return None if x is None else (x, y, 1, x * y % _P)


def _encoded(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _opposite(point: _Point) -> _Point:
    return -point[0] % _P, point[1], point[2], -point[3] % _P


def _sum(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    found: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        scalar >>= 1
    return found


_BASE_X = _x_of(_BASE_Y, 0) or 0
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
