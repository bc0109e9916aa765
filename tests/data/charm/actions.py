"""The part of the charm beside the workload: GnuPG through python-gnupg, and HTTP to the loopback.

Usage: actions.py COMMAND BASE_URL [ARGUMENT...], with the administrator's GnuPG home in GNUPGHOME. Prints JSON.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import gnupg

PASSPHRASE = "correct horse"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url, form=None):
    """The status and text of an answer."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with OPENER.open(url, data, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def find(base, search):
    query = urllib.parse.urlencode({"op": "get", "search": search})
    return call(f"{base}/pks/lookup?{query}")


def make_admin(gpg, _base):
    """The key that the charm generates when it is installed."""
    wanted = gpg.gen_key_input(name_real="Admin User", name_email="admin@user.com", passphrase=PASSPHRASE)
    return gpg.gen_key(wanted).fingerprint


def upload_admin(gpg, base, fingerprint):
    """At every restart of the service."""
    return call(f"{base}/pks/add", {"keytext": gpg.export_keys(fingerprint)})[0]


def lookup_key(_gpg, base, keyword):
    """The action lookup-key: anything but success fails it."""
    status, text = find(base, keyword)
    return {"status": status, "text": text}


def block_keys(gpg, base, admin, fingerprints):
    """The action block-keys until the service is stopped: its results, and what is handed to the script."""
    results, blocked = {}, []
    for fingerprint in (item.strip().lower() for item in fingerprints.split(",")):
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", fingerprint):
            results[fingerprint] = "Invalid fingerprint format."
            continue
        status, text = find(base, f"0x{fingerprint}")
        if status == 404:
            results[fingerprint] = "Fingerprint unavailable in the database."
            continue
        assert status == 200 and "-----BEGIN PGP PUBLIC KEY BLOCK-----" in text, (status, text)
        request = f"/pks/delete\n{text}"
        signature = gpg.sign(request, keyid=admin, passphrase=PASSPHRASE, detach=True)
        status, text = call(f"{base}/pks/delete", {"keytext": request, "keysig": str(signature)})
        assert status < 400, (status, text)
        results[fingerprint] = "Deleted and blocked successfully."
        blocked.append(fingerprint)
    return {"results": results, "blocked": blocked}


COMMANDS = {"make-admin": make_admin, "upload-admin": upload_admin, "lookup-key": lookup_key, "block-keys": block_keys}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(COMMANDS[name](gnupg.GPG(gnupghome=os.environ["GNUPGHOME"]), *arguments)))
