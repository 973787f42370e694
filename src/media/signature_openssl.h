/* src/media/signature_openssl.h
 *
 * SCOPED(BIO) bio: an object of OpenSSL that goes at the end of its scope. Its types are typedefs, so that AUTO does not fit. */
#ifndef UNBRICK_MEDIA_SIGNATURE_OPENSSL_H
#define UNBRICK_MEDIA_SIGNATURE_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define CLEANUP_WITH(type, release) \
	static inline void cleanup_##type(type **thing) { release(*thing); }
CLEANUP_WITH(EVP_PKEY, EVP_PKEY_free)
CLEANUP_WITH(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CLEANUP_WITH(EVP_MD_CTX, EVP_MD_CTX_free)
CLEANUP_WITH(BIO, BIO_free_all)
CLEANUP_WITH(X509, X509_free)
CLEANUP_WITH(X509_STORE, X509_STORE_free)
CLEANUP_WITH(X509_STORE_CTX, X509_STORE_CTX_free)
#define SCOPED(type) __attribute__((cleanup(cleanup_##type))) type *

#endif
