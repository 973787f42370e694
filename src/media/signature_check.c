#include "src/media/signature_check.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/image_file.h"
#include "src/media/signature_key.h"
#include "src/media/signature_openssl.h"

enum { RSA_BITS_MIN = 2048 };		/* below, NIST SP 800-131A, 3 calls it disallowed */

DEFINE_AUTO(image_file);
DEFINE_AUTO(digest_stream);

static const char not_here[] = "this system's OpenSSL does not check signatures of this kind";

/* WRONG only when OpenSSL did compare; it may refuse the algorithm (FIPS), which says nothing about the file. */
static enum verify_outcome eddsa_fits(EVP_PKEY *key, struct bytes signature, struct bytes message)
{
	SCOPED(EVP_MD_CTX) context = EVP_MD_CTX_new();

	if (context == NULL || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
		return VERIFY_CANNOT_TELL;
	if (EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size) == 1)
		return VERIFY_OK;
	return VERIFY_WRONG;
}

/* Ed25519 over the file itself needs all of it at once (RFC 8032, 5.1.7). */
static enum status file_fits(const char *path, EVP_PKEY *key, struct bytes signature, enum verify_outcome *ret_fits,
			     struct error *reterr)
{
	AUTO(image_file) file = NULL;
	enum status status = image_file_open(path, &file, reterr);

	if (status != STATUS_OK)
		return status;
	*ret_fits = eddsa_fits(key, signature, image_file_bytes(file));
	return image_file_is_same(file, reterr) ? STATUS_OK : STATUS_REFUSED;
}

/* ret_digest: EVP_MAX_MD_SIZE bytes. */
static enum status hash_file(const char *path, const char *algorithm, struct verify_watch *watch, uint8_t *ret_digest,
			     size_t *ret_size, struct error *reterr)
{
	AUTO(digest_stream) stream = digest_stream_new(algorithm);
	enum status status;

	*ret_size = 0;
	if (stream == NULL)
		return STATUS_OK;	/* not known here: fits nothing */
	status = digest_stream_file(path, &stream, 1, &watch->bytes, &watch->cancel, reterr);
	if (status == STATUS_OK)
		*ret_size = digest_stream_end(stream, ret_digest, EVP_MAX_MD_SIZE);
	return status;
}

/* ---- minisign, signify ---- */

/* minisign's own comment is "timestamp:N<tab>file:NAME<tab>hashed": a signature that was made for a file of another
 * name, or another version. */
static void look_at_comment(const struct signature_file *signature, const char *path, struct verify_finding *finding)
{
	struct bytes comment = signature->trusted_comment, name;
	const uint8_t *file = memmem(comment.data, comment.size, "file:", 5), *end;
	char text[256];

	text_printable(text, sizeof(text), comment);
	text_format(finding->reason, sizeof(finding->reason), "the signature fits; it says: %s", text);
	if (file == NULL)
		return;
	name = bytes_from(comment, (size_t)(file + 5 - comment.data));
	end = memchr(name.data, '\t', name.size);
	text_printable(text, sizeof(text), bytes_of(name.data, end ? (size_t)(end - name.data) : name.size));
	if (!text_equal(text_file_name(path), text_file_name(text)))
		text_format(finding->warning, sizeof(finding->warning), "it was made for a file called '%.100s'",
			    text_file_name(text));
}

static enum verify_outcome comment_fits(EVP_PKEY *key, const struct signature_file *signature)
{
	uint8_t message[SIGNATURE_SIZE + SIGNATURE_COMMENT_MAX];

	memcpy(message, signature->value, SIGNATURE_SIZE);
	memcpy(message + SIGNATURE_SIZE, signature->trusted_comment.data, signature->trusted_comment.size);
	return eddsa_fits(key, bytes_of(signature->global, SIGNATURE_SIZE),
			    bytes_of(message, SIGNATURE_SIZE + signature->trusted_comment.size));
}

static enum status check_with_key(const struct signature_material *material, const struct signature_file *signature,
				  const struct signature_key *public, struct verify_watch *watch,
				  struct verify_finding *finding, struct error *reterr)
{
	SCOPED(EVP_PKEY) key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public->value, SIGNATURE_PUBLIC_KEY);
	struct bytes value = bytes_of(signature->value, SIGNATURE_SIZE);
	uint8_t digest[EVP_MAX_MD_SIZE];
	enum status status;
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	size_t size;

	if (key == NULL)
		return error_set(reterr, STATUS_UNSUPPORTED,
				 "this system's OpenSSL does not take the key, or knows no Ed25519");
	if (signature->is_prehashed) {
		status = hash_file(material->path, "blake2b512", watch, digest, &size, reterr);
		if (status == STATUS_OK && size > 0)
			fits = eddsa_fits(key, value, bytes_of(digest, size));
	} else {
		status = file_fits(material->path, key, value, &fits, reterr);
	}
	if (status != STATUS_OK)
		return status;
	if (fits == VERIFY_CANNOT_TELL)
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL, not_here);
	else if (fits == VERIFY_WRONG)
		verify_finding_conclude(finding, VERIFY_WRONG, "the key has the right number, but the signature is not of this file");
	else if (signature->is_minisign && comment_fits(key, signature) != VERIFY_OK)
		verify_finding_conclude(finding, VERIFY_WRONG, "the signature fits, but its trusted comment was changed");
	else
		verify_finding_conclude(finding, VERIFY_OK, "the signature fits");
	if (finding->outcome == VERIFY_OK && signature->is_minisign)
		look_at_comment(signature, material->path, finding);
	return STATUS_OK;
}

enum status signature_check_ed25519_file(const struct signature_material *material, struct verify_watch *watch,
					 struct verify_finding *finding, struct error *reterr)
{
	char id[SIGNATURE_KEY_ID_TEXT], other[SIGNATURE_KEY_ID_TEXT];
	struct signature_file signature;
	struct signature_key key;
	const char *fault = signature_read(material->signature, &signature);

	if (fault != NULL)
		return error_set(reterr, STATUS_INVALID, "the signature cannot be read: %s", fault);
	text_copy(finding->means, sizeof(finding->means), signature.is_minisign ? "minisign" : "signify");
	signature_key_id_text(signature.key_id, signature.is_minisign, id);
	text_format(finding->who, sizeof(finding->who), "key %s", id);
	if (material->key.size == 0) {
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL,
			 "whose key that is, is not known: --key names the vendor's public key");
		return STATUS_OK;
	}
	fault = signature_read_key(material->key, &key);
	if (fault != NULL)
		return error_set(reterr, STATUS_INVALID, "the key cannot be used for this signature: %s", fault);
	if (memcmp(key.key_id, signature.key_id, SIGNATURE_KEY_ID) != 0) {
		finding->outcome = VERIFY_CANNOT_TELL;
		text_format(finding->reason, sizeof(finding->reason),
			    "it was signed with the key %s, and the key that was given is %s", id,
			    signature_key_id_text(key.key_id, signature.is_minisign, other));
		return STATUS_OK;
	}
	return check_with_key(material, &signature, &key, watch, finding, reterr);
}

/* ---- plain signatures ---- */

static const char does_not_fit[] =
	"the signature does not fit this file and this key: it is of another file, or another key made it";

/* The signature does not say its hash nor, for RSA, its padding: those in use are tried. */
static const char *const hashes[] = { "sha256", "sha512", "sha384", "sha224", "sha1" };

static enum verify_outcome one_hash_fits(EVP_PKEY *key, const char *name, struct bytes signature, struct bytes digest)
{
	static const int paddings[] = { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING };
	bool is_rsa = EVP_PKEY_base_id(key) == EVP_PKEY_RSA;
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	const EVP_MD *md = EVP_get_digestbyname(name);

	for (size_t i = 0; md != NULL && digest.size > 0 && i < (is_rsa ? ARRAY_SIZE(paddings) : 1); i++) {
		enum verify_outcome one = signature_fits_padded(key, md, is_rsa ? paddings[i] : 0, signature, digest);

		if (one == VERIFY_OK)
			return one;
		fits = one == VERIFY_WRONG ? one : fits;
	}
	return fits;
}

static enum status try_hashes(const struct signature_material *material, EVP_PKEY *key, struct verify_watch *watch,
			      struct verify_finding *finding, struct error *reterr)
{
	struct digest_stream *stream[ARRAY_SIZE(hashes)];
	uint8_t digest[EVP_MAX_MD_SIZE];
	enum status status;

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		stream[i] = digest_stream_new(hashes[i]);
	status = digest_stream_file(material->path, stream, ARRAY_SIZE(hashes), &watch->bytes, &watch->cancel, reterr);
	verify_finding_conclude(finding, VERIFY_CANNOT_TELL, not_here);
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		size_t size = stream[i] && status == STATUS_OK ? digest_stream_end(stream[i], digest, sizeof(digest))
							       : 0;
		enum verify_outcome fits = one_hash_fits(key, hashes[i], material->signature, bytes_of(digest, size));

		digest_stream_free(stream[i]);
		if (finding->outcome == VERIFY_OK || fits == VERIFY_CANNOT_TELL)
			continue;
		verify_finding_conclude(finding, fits, does_not_fit);
		if (fits == VERIFY_WRONG)
			continue;
		text_format(finding->reason, sizeof(finding->reason), "the signature fits, over the file's %s",
			    hashes[i]);
		if (text_equal(hashes[i], "sha1"))
			text_copy(finding->warning, sizeof(finding->warning),
				  "SHA-1 protects against damage, not against forgery");
	}
	return status;
}

/* Could this be a signature by that key at all? Otherwise it is a file of another kind, which says nothing about the
 * firmware. ECDSA: a SEQUENCE of two INTEGERs (RFC 3279, 2.2.3). */
static bool has_form(EVP_PKEY *key, struct bytes signature)
{
	size_t size = (size_t)EVP_PKEY_size(key);

	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_EC:
	case EVP_PKEY_DSA:
		return signature.size >= 8 && signature.size <= size && signature.data[0] == 0x30;
	default:
		return signature.size == size;
	}
}

static const char *key_type(EVP_PKEY *key)
{
	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_RSA:
		return "rsa";
	case EVP_PKEY_RSA_PSS:
		return "rsa-pss";
	case EVP_PKEY_EC:
		return "ecdsa";
	case EVP_PKEY_DSA:
		return "dsa";
	case EVP_PKEY_ED25519:
		return "ed25519";
	case EVP_PKEY_ED448:
		return "ed448";
	default:
		return "signature";
	}
}

static enum status check_form_and_value(const struct signature_material *material, EVP_PKEY *key,
					struct verify_watch *watch, struct verify_finding *finding,
					struct error *reterr)
{
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	enum status status;

	if (!has_form(key, material->signature)) {
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL, "it does not have the form of a signature by this key");
		return STATUS_OK;
	}
	if (EVP_PKEY_base_id(key) != EVP_PKEY_ED25519 && EVP_PKEY_base_id(key) != EVP_PKEY_ED448)
		return try_hashes(material, key, watch, finding, reterr);
	status = file_fits(material->path, key, material->signature, &fits, reterr);
	if (status == STATUS_OK)
		verify_finding_conclude(finding, fits, fits == VERIFY_OK ? "the signature fits" : fits == VERIFY_WRONG ? does_not_fit
									      : not_here);
	return status;
}

enum status signature_check_raw(const struct signature_material *material, struct verify_watch *watch,
				struct verify_finding *finding, struct error *reterr)
{
	SCOPED(EVP_PKEY) key = NULL;
	enum status status;

	text_copy(finding->means, sizeof(finding->means), "signature");
	if (material->key.size == 0) {
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL,
			 "it does not say who made it: --key names the vendor's public key or certificate");
		return STATUS_OK;
	}
	status = signature_key_read(material->key, &key, finding->who, sizeof(finding->who), reterr);
	if (status != STATUS_OK && signature_is_key(material->key)) {
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL,
			 "the key is one of minisign or signify, and the signature is not");
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	text_copy(finding->means, sizeof(finding->means), key_type(key));
	status = check_form_and_value(material, key, watch, finding, reterr);
	if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) < RSA_BITS_MIN)
		text_format(finding->warning, sizeof(finding->warning), "an RSA key of %d bits can be broken",
			    EVP_PKEY_bits(key));
	ERR_clear_error();
	return status;
}
