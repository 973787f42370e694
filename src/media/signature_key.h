/* src/media/signature_key.h
 *
 * Public keys and certificates, PEM or DER, as the operator or a file brings them, and whether a signature over a digest is by one. */
#ifndef UNBRICK_MEDIA_SIGNATURE_KEY_H
#define UNBRICK_MEDIA_SIGNATURE_KEY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/media/verify.h"

/* who: the certificate's subject, and the key's fingerprint. INVALID: it is none. */
enum status signature_key_read(struct bytes text, EVP_PKEY **ret_key, char *who, size_t size, struct error *reterr);
/* The same without a word: NULL when it is none; who stays as it is unless a certificate says it. */
EVP_PKEY *signature_key_parse(struct bytes text, char *who, size_t size);
X509 *signature_certificate_read(struct bytes text);	/* NULL: it is none */
void signature_certificate_name(X509 *certificate, char *to, size_t size);
/* Over a digest of what is signed; the signature as X.509 has it. WRONG: it does not fit; CANNOT_TELL: this OpenSSL does not check it. */
enum verify_outcome signature_fits_digest(EVP_PKEY *key, const char *hash, bool is_pss, struct bytes signature, struct bytes digest);
/* padding: RSA_PKCS1_PADDING and its like, 0 for other keys. Leaves OpenSSL's errors behind. */
enum verify_outcome signature_fits_padded(EVP_PKEY *key, const EVP_MD *md, int padding, struct bytes signature, struct bytes digest);

#endif
