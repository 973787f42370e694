/* src/media/signature_check.h
 *
 * A detached signature against a file, by OpenSSL: minisign and signify, CMS (PKCS#7), plain RSA, ECDSA and Ed25519.
 * Blocking. */
#ifndef UNBRICK_MEDIA_SIGNATURE_CHECK_H
#define UNBRICK_MEDIA_SIGNATURE_CHECK_H

#include "recovery/image/signature.h"
#include "src/media/verify.h"

struct signature_material {
	const char *path;		/* of the file */
	struct bytes signature;		/* contents of the signature's file */
	struct bytes key;		/* contents of the key's file; size 0: not given */
	struct bytes ca;		/* PEM */
};

/* Each fills in outcome, means, who, reason and warning. An error: a key or certificate that cannot be used, a file
 * that cannot be read. */
enum status signature_check_ed25519_file(const struct signature_material *material, struct verify_watch *watch,
					 struct verify_finding *finding, struct error *reterr);
enum status signature_check_cms(const struct signature_material *material, struct verify_watch *watch,
				struct verify_finding *finding, struct error *reterr);
enum status signature_check_raw(const struct signature_material *material, struct verify_watch *watch,
				struct verify_finding *finding, struct error *reterr);

#endif
