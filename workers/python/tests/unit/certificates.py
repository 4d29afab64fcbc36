"""An authority of a test's own, and a certificate of this machine that it signed."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """The files of the authority, the certificate and its key."""
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def begun(subject: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("the authority"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )

    authority = begun("the authority", key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    signs = dict.fromkeys((*others, "crl_sign", "encipher_only", "decipher_only"), False)
    authority = authority.add_extension(x509.KeyUsage(key_cert_sign=True, **signs), critical=True)
    authority = authority.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    whose = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    server = begun("this machine", own.public_key()).add_extension(here, critical=False)
    server = server.add_extension(whose, critical=False)
    paths = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(authority.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(server.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[2].write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
