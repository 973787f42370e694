/* recovery/image/signature.h
 *
 * Files with detached signatures, as far as they can be told and read without cryptography: which kind a file is,
 * and the parts of minisign's and signify's (usign's) signatures and public keys. Pure: no descriptor, no
 * allocation. Sources: minisign(1) and its "Signature format"; signify.c of OpenBSD (struct sig, struct pubkey). */
#ifndef UNBRICK_RECOVERY_SIGNATURE_H
#define UNBRICK_RECOVERY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum {
	SIGNATURE_KEY_ID = 8,
	SIGNATURE_SIZE = 64,		/* Ed25519, RFC 8032, 5.1.6 */
	SIGNATURE_PUBLIC_KEY = 32,	/* RFC 8032, 5.1.5 */
	SIGNATURE_COMMENT_MAX = 8192,	/* minisign's limit for the trusted comment */
};

enum signature_kind {
	SIGNATURE_RAW, /* none of those below: what `openssl dgst -sign` and `openssl pkeyutl -sign` write */
	SIGNATURE_ED25519_FILE, /* minisign, signify, usign */
	SIGNATURE_CMS, /* RFC 5652, PKCS#7 */
	SIGNATURE_OPENPGP, /* RFC 4880 */
};

enum signature_kind signature_kind_of(struct bytes file);

struct signature_file {
	bool is_prehashed;		/* of the file's BLAKE2b-512; else of the file itself */
	bool is_minisign;		/* has a trusted comment, and a signature over it */
	uint8_t key_id[SIGNATURE_KEY_ID];
	uint8_t value[SIGNATURE_SIZE];
	struct bytes trusted_comment;	/* borrowed from the file */
	uint8_t global[SIGNATURE_SIZE];	/* over value and the trusted comment */
};

struct signature_key {
	uint8_t key_id[SIGNATURE_KEY_ID];
	uint8_t value[SIGNATURE_PUBLIC_KEY];
};

/* NULL: read. Else what is wrong with it. */
const char *signature_read(struct bytes file, struct signature_file *ret_signature);
/* A file with a comment and the key, or the key's line alone. */
const char *signature_read_key(struct bytes file, struct signature_key *ret_key);
/* Is this a public key of that form at all? */
bool signature_is_key(struct bytes file);

enum { SIGNATURE_KEY_ID_TEXT = 2 * SIGNATURE_KEY_ID + 1 };
/* As the tool itself shows it: minisign as a number (little-endian), upper case; usign byte by byte, lower case.
 * Returns to. */
char *signature_key_id_text(const uint8_t key_id[SIGNATURE_KEY_ID], bool is_minisign, char to[SIGNATURE_KEY_ID_TEXT]);

#endif
