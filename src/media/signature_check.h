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

/* For signatures that stand in the file itself. */
struct evp_pkey_st;
/* A public key or certificate, PEM or DER; who: the certificate's subject, and the key's fingerprint. INVALID: it is none. */
enum status signature_key_read(struct bytes text, struct evp_pkey_st **ret_key, char *who, size_t size, struct error *reterr);
/* Over a digest of what is signed; the signature as X.509 has it. WRONG: it does not fit; CANNOT_TELL: this OpenSSL does not check it. */
enum verify_outcome signature_fits_digest(struct evp_pkey_st *key, const char *hash, bool is_pss, struct bytes signature, struct bytes digest);

#endif
