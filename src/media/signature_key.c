#include "src/media/signature_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "src/base/text.h"
#include "src/media/digest.h"
#include "src/media/signature_openssl.h"

X509 *signature_certificate_read(struct bytes text)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(text.data, (int)text.size);
	const uint8_t *at = text.data;
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	return certificate ? certificate : d2i_X509(NULL, &at, (long)text.size);
}

void signature_certificate_name(X509 *certificate, char *to, size_t size)
{
	SCOPED(BIO) bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long length;

	to[0] = '\0';
	/* no escapes for UTF-8: text_printable sees to what a terminal must not get */
	if (bio == NULL || X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
					      XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0)
		return;
	length = BIO_get_mem_data(bio, &text);
	text_printable(to, size, bytes_of(text, length > 0 ? (size_t)length : 0));
}

EVP_PKEY *signature_key_parse(struct bytes text, char *who, size_t size)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(text.data, (int)text.size);
	const uint8_t *at = text.data;
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	if (key == NULL)
		key = d2i_PUBKEY(NULL, &at, (long)text.size);
	if (key == NULL) {
		SCOPED(X509) certificate = signature_certificate_read(text);

		if (certificate != NULL) {
			signature_certificate_name(certificate, who, size);
			key = X509_get_pubkey(certificate);
		}
	}
	return key;
}

/* The beginning of the key's SHA-256, for telling keys apart; where the key came from is up to the operator. */
static void show_key(EVP_PKEY *key, char *to, size_t size)
{
	uint8_t *der = NULL, digest[32];
	int length = i2d_PUBKEY(key, &der);

	if (length > 0 &&
	    digest_bytes("sha256", bytes_of(der, (size_t)length), digest, sizeof(digest)) == sizeof(digest))
		text_append(to, size, "%skey sha256:%02x%02x%02x%02x%02x%02x%02x%02x", to[0] ? ", " : "", digest[0],
			    digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
	OPENSSL_free(der);
}

enum status signature_key_read(struct bytes text, EVP_PKEY **ret_key, char *who, size_t size, struct error *reterr)
{
	EVP_PKEY *key = signature_key_parse(text, who, size);

	ERR_clear_error();
	if (key == NULL) {
		static const char private_key[] = "PRIVATE KEY-----";

		if (text.size > sizeof(private_key) && memmem(text.data, text.size, private_key, sizeof(private_key) - 1) != NULL) {
			error_set(reterr, STATUS_INVALID, "the key is a private one: a signature is checked with the public key");
			return error_hint(reterr, "The public key of a private one: openssl pkey -in KEY -pubout");
		}
		error_set(reterr, STATUS_INVALID, "the file given as the key is none that is known");
		return error_hint(reterr, "Known are public keys of minisign and signify, and public keys or certificates in PEM or DER");
	}
	show_key(key, who, size);
	*ret_key = key;
	return STATUS_OK;
}

enum verify_outcome signature_fits_padded(EVP_PKEY *key, const EVP_MD *md, int padding, struct bytes signature, struct bytes digest)
{
	SCOPED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(key, NULL);

	if (context == NULL || EVP_PKEY_verify_init(context) != 1 || EVP_PKEY_CTX_set_signature_md(context, md) != 1)
		return VERIFY_CANNOT_TELL;
	if (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(context, padding) != 1)
		return VERIFY_CANNOT_TELL;
	if (padding == RSA_PKCS1_PSS_PADDING && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) != 1)
		return VERIFY_CANNOT_TELL;
	return EVP_PKEY_verify(context, signature.data, signature.size, digest.data, digest.size) == 1 ? VERIFY_OK
												       : VERIFY_WRONG;
}

enum verify_outcome signature_fits_digest(EVP_PKEY *key, const char *hash, bool is_pss, struct bytes signature, struct bytes digest)
{
	bool is_rsa = EVP_PKEY_base_id(key) == EVP_PKEY_RSA;
	const EVP_MD *md = EVP_get_digestbyname(hash);
	enum verify_outcome fits = md == NULL ? VERIFY_CANNOT_TELL
		: signature_fits_padded(key, md, !is_rsa ? 0 : is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING, signature, digest);

	ERR_clear_error();
	return fits;
}
