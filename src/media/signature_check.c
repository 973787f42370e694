#include "src/media/signature_check.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/cms.h>	/* behind pem.h: its PEM functions are there only then */
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/image_file.h"

enum { RSA_BITS_MIN = 2048 };		/* below, NIST SP 800-131A, 3 calls it disallowed */

DEFINE_AUTO(image_file);
DEFINE_AUTO(digest_stream);

/* OpenSSL's types are typedefs, so that AUTO does not fit. */
#define CLEANUP_WITH(type, release) \
	static void cleanup_##type(type **thing) { release(*thing); }
CLEANUP_WITH(EVP_PKEY, EVP_PKEY_free)
CLEANUP_WITH(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CLEANUP_WITH(EVP_MD_CTX, EVP_MD_CTX_free)
CLEANUP_WITH(BIO, BIO_free_all)
CLEANUP_WITH(X509, X509_free)
CLEANUP_WITH(X509_STORE, X509_STORE_free)
CLEANUP_WITH(X509_STORE_CTX, X509_STORE_CTX_free)
CLEANUP_WITH(CMS_ContentInfo, CMS_ContentInfo_free)
#define SCOPED(type) __attribute__((cleanup(cleanup_##type))) type *

static enum status no_memory(const char *path, struct error *reterr)
{
	return error_set(reterr, STATUS_NO_MEMORY, "no memory to check '%s'", path);
}

static const char not_here[] = "this system's OpenSSL does not check signatures of this kind";

static void conclude(struct verify_finding *finding, enum verify_outcome outcome, const char *reason)
{
	finding->outcome = outcome;
	text_copy(finding->reason, sizeof(finding->reason), reason);
}

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

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

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
	if (!text_equal(base_name(path), base_name(text)))
		text_format(finding->warning, sizeof(finding->warning), "it was made for a file called '%.100s'",
			    base_name(text));
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
		conclude(finding, VERIFY_CANNOT_TELL, not_here);
	else if (fits == VERIFY_WRONG)
		conclude(finding, VERIFY_WRONG, "the key has the right number, but the signature is not of this file");
	else if (signature->is_minisign && comment_fits(key, signature) != VERIFY_OK)
		conclude(finding, VERIFY_WRONG, "the signature fits, but its trusted comment was changed");
	else
		conclude(finding, VERIFY_OK, "the signature fits");
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
		conclude(finding, VERIFY_CANNOT_TELL,
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

static X509 *read_certificate(struct bytes text)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(text.data, (int)text.size);
	const uint8_t *at = text.data;
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	return certificate ? certificate : d2i_X509(NULL, &at, (long)text.size);
}

static void show_name(X509 *certificate, char *to, size_t size)
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

/* A public key or a certificate, PEM or DER. who: the certificate's subject. */
static EVP_PKEY *read_key(struct bytes text, char *who, size_t size)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(text.data, (int)text.size);
	const uint8_t *at = text.data;
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	if (key == NULL)
		key = d2i_PUBKEY(NULL, &at, (long)text.size);
	if (key == NULL) {
		SCOPED(X509) certificate = read_certificate(text);

		if (certificate != NULL) {
			show_name(certificate, who, size);
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

static const char does_not_fit[] =
	"the signature does not fit this file and this key: it is of another file, or another key made it";

static enum verify_outcome hash_fits(EVP_PKEY *key, const EVP_MD *md, int padding, struct bytes signature,
				     struct bytes digest)
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
		: hash_fits(key, md, !is_rsa ? 0 : is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING, signature, digest);

	ERR_clear_error();
	return fits;
}

enum status signature_key_read(struct bytes text, EVP_PKEY **ret_key, char *who, size_t size, struct error *reterr)
{
	EVP_PKEY *key = read_key(text, who, size);

	ERR_clear_error();
	if (key == NULL) {
		error_set(reterr, STATUS_INVALID, "the key is none that is known here");
		return error_hint(reterr, "Public keys of minisign and signify, and public keys or certificates in PEM or DER are");
	}
	show_key(key, who, size);
	*ret_key = key;
	return STATUS_OK;
}

/* The signature does not say its hash nor, for RSA, its padding: those in use are tried. */
static const char *const hashes[] = { "sha256", "sha512", "sha384", "sha224", "sha1" };

static enum verify_outcome one_hash_fits(EVP_PKEY *key, const char *name, struct bytes signature, struct bytes digest)
{
	static const int paddings[] = { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING };
	bool is_rsa = EVP_PKEY_base_id(key) == EVP_PKEY_RSA;
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	const EVP_MD *md = EVP_get_digestbyname(name);

	for (size_t i = 0; md != NULL && digest.size > 0 && i < (is_rsa ? ARRAY_SIZE(paddings) : 1); i++) {
		enum verify_outcome one = hash_fits(key, md, is_rsa ? paddings[i] : 0, signature, digest);

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
	conclude(finding, VERIFY_CANNOT_TELL, not_here);
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		size_t size = stream[i] && status == STATUS_OK ? digest_stream_end(stream[i], digest, sizeof(digest))
							       : 0;
		enum verify_outcome fits = one_hash_fits(key, hashes[i], material->signature, bytes_of(digest, size));

		digest_stream_free(stream[i]);
		if (finding->outcome == VERIFY_OK || fits == VERIFY_CANNOT_TELL)
			continue;
		conclude(finding, fits, does_not_fit);
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
		conclude(finding, VERIFY_CANNOT_TELL, "it does not have the form of a signature by this key");
		return STATUS_OK;
	}
	if (EVP_PKEY_base_id(key) != EVP_PKEY_ED25519 && EVP_PKEY_base_id(key) != EVP_PKEY_ED448)
		return try_hashes(material, key, watch, finding, reterr);
	status = file_fits(material->path, key, material->signature, &fits, reterr);
	if (status == STATUS_OK)
		conclude(finding, fits, fits == VERIFY_OK ? "the signature fits" : fits == VERIFY_WRONG ? does_not_fit
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
		conclude(finding, VERIFY_CANNOT_TELL,
			 "it does not say who made it: --key names the vendor's public key or certificate");
		return STATUS_OK;
	}
	status = signature_key_read(material->key, &key, finding->who, sizeof(finding->who), reterr);
	if (status != STATUS_OK && signature_is_key(material->key)) {
		conclude(finding, VERIFY_CANNOT_TELL,
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

/* ---- CMS ---- */

static CMS_ContentInfo *read_cms(struct bytes text)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(text.data, (int)text.size);
	SCOPED(BIO) der = BIO_new_mem_buf(text.data, (int)text.size);
	CMS_ContentInfo *cms = bio ? PEM_read_bio_CMS(bio, NULL, NULL, NULL) : NULL;

	return cms || der == NULL ? cms : d2i_CMS_bio(der, NULL);
}

static X509_STORE *read_authorities(struct bytes pem)
{
	SCOPED(BIO) bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	X509_STORE *store = X509_STORE_new();
	unsigned count = 0;

	while (bio != NULL && store != NULL) {
		SCOPED(X509) certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (certificate == NULL)
			break;
		X509_STORE_add_cert(store, certificate);
		count++;
	}
	if (count > 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* Vendors' certificates seldom say what they are for, and the one that is given may be the signer's own. */
static int verify_chain(X509_STORE *store, X509 *certificate, STACK_OF(X509) *others)
{
	SCOPED(X509_STORE_CTX) context = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *rules;

	if (context == NULL || X509_STORE_CTX_init(context, store, certificate, others) != 1)
		return X509_V_ERR_OUT_OF_MEM;
	rules = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
	return X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
}

/* Is that the key, or the key of the certificate, that the operator gave? */
static bool is_given_key(X509 *signer, struct bytes given)
{
	char who[8] = "";
	SCOPED(EVP_PKEY) key = given.size > 0 ? read_key(given, who, sizeof(who)) : NULL;
	uint8_t *ours = NULL, *theirs = NULL;
	int our_size = key ? i2d_PUBKEY(key, &ours) : 0,
	    their_size = key ? i2d_PUBKEY(X509_get0_pubkey(signer), &theirs) : 0;
	bool is_same = our_size > 0 && our_size == their_size && memcmp(ours, theirs, (size_t)our_size) == 0;

	OPENSSL_free(ours);
	OPENSSL_free(theirs);
	return is_same;
}

static void judge_signer(X509 *signer, STACK_OF(X509) *others, X509_STORE *store, struct bytes given,
			 struct verify_finding *finding)
{
	int answer = X509_V_OK;

	if (is_given_key(signer, given)) {
		if (finding->outcome == VERIFY_OK)
			conclude(finding, VERIFY_OK, "the signature fits, and --key is the key that made it");
		return;
	}
	if (store != NULL)
		answer = verify_chain(store, signer, others);
	if (store != NULL && answer == X509_V_OK)
		return;
	finding->outcome = VERIFY_CANNOT_TELL;
	if (store != NULL)
		text_format(finding->reason, sizeof(finding->reason),
			    "the signature fits, but --ca does not vouch for who signed: %s",
			    X509_verify_cert_error_string(answer));
	else if (given.size > 0)
		text_copy(finding->reason, sizeof(finding->reason),
			  "the signature fits, but another key than that of --key made it");
	else
		text_copy(finding->reason, sizeof(finding->reason),
			  "the signature fits, but anybody could have made it: --ca names the certificate to trust");
}

/* Who signed, and does an authority vouch for each of them? */
static void judge_signers(CMS_ContentInfo *cms, X509_STORE *store, struct bytes given, struct verify_finding *finding)
{
	STACK_OF(X509) *signers = CMS_get0_signers(cms), *others = CMS_get1_certs(cms);
	int count = signers ? sk_X509_num(signers) : 0;

	conclude(finding, count > 0 ? VERIFY_OK : VERIFY_CANNOT_TELL,
		 count > 0 ? "the signature fits, and --ca vouches for who signed" : "nobody has signed it");
	for (int i = 0; i < count; i++)
		judge_signer(sk_X509_value(signers, i), others, store, given, finding);
	if (count > 0)
		show_name(sk_X509_value(signers, 0), finding->who, sizeof(finding->who));
	sk_X509_free(signers);
	sk_X509_pop_free(others, X509_free);
}

static void warn_of_weak_hash(CMS_ContentInfo *cms, struct verify_finding *finding)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);

	for (int i = 0; infos && i < sk_CMS_SignerInfo_num(infos); i++) {
		X509_ALGOR *digest = NULL;
		const ASN1_OBJECT *object = NULL;
		int nid;

		CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(infos, i), NULL, NULL, &digest, NULL);
		X509_ALGOR_get0(&object, NULL, NULL, digest);
		nid = OBJ_obj2nid(object);
		if (nid == NID_md5 || nid == NID_sha1)
			text_format(finding->warning, sizeof(finding->warning),
				    "%s protects against damage, not against forgery",
				    nid == NID_md5 ? "MD5" : "SHA-1");
	}
}

/* The signer's certificate may be left out of the signature; --key or --ca brings it then. */
static STACK_OF(X509) *more_certificates(const struct signature_material *material)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *certificate;

	for (int i = 0; i < 2 && list != NULL; i++) {
		struct bytes from = i == 0 ? material->key : material->ca;

		certificate = from.size > 0 ? read_certificate(from) : NULL;
		if (certificate != NULL && sk_X509_push(list, certificate) == 0)
			X509_free(certificate);
	}
	return list;
}

/* Of the errors that OpenSSL left behind, is one this? They say more and more generally what went wrong. */
static bool failed_by(const unsigned long *errors, size_t count, int reason)
{
	for (size_t i = 0; i < count; i++)
		if (ERR_GET_LIB(errors[i]) == ERR_LIB_CMS && ERR_GET_REASON(errors[i]) == reason)
			return true;
	return false;
}

static void judge_failure(struct verify_finding *finding)
{
	unsigned long errors[16];
	const char *why;
	size_t count = 0;

	while (count < ARRAY_SIZE(errors) && (errors[count] = ERR_get_error()) != 0)
		count++;
	why = count > 0 ? ERR_reason_error_string(errors[0]) : NULL;
	if (failed_by(errors, count, CMS_R_SIGNER_CERTIFICATE_NOT_FOUND))
		conclude(finding, VERIFY_CANNOT_TELL, "the certificate of who signed is not in it: --key names it");
	else if (failed_by(errors, count, CMS_R_VERIFICATION_FAILURE))
		conclude(finding, VERIFY_WRONG, "the signature is not of this file");
	else
		text_format(finding->reason, sizeof(finding->reason), "the signature cannot be checked%s%s",
			    why ? ": " : "", why ? why : "");
}

/* `openssl cms -sign` without -binary signs a file as if it were text: each line with CR LF at its end (RFC 8551, 3.1.1), and
 * OpenSSL reads no line beyond a NUL. */
static bool fits_as_text(CMS_ContentInfo *cms, const struct signature_material *material, STACK_OF(X509) *more)
{
	SCOPED(BIO) content = BIO_new_file(material->path, "rb");
	bool fits = content != NULL && CMS_verify(cms, more, NULL, content, NULL, CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY) == 1;

	ERR_clear_error();
	return fits;
}

/* Does the signature fit the file? Who made it is another question. */
static void check_cms_content(CMS_ContentInfo *cms, const struct signature_material *material, X509_STORE *store,
			      BIO *content, struct verify_finding *finding)
{
	STACK_OF(X509) *more = more_certificates(material);

	ERR_clear_error();
	if (CMS_verify(cms, more, NULL, content, NULL, CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY) == 1)
		judge_signers(cms, store, material->key, finding);
	else
		judge_failure(finding);
	if (finding->outcome == VERIFY_WRONG && fits_as_text(cms, material, more))
		conclude(finding, VERIFY_CANNOT_TELL,
			 "it was signed as if it were text: the signature fits, but covers a part of the file only");
	sk_X509_pop_free(more, X509_free);
	warn_of_weak_hash(cms, finding);
	ERR_clear_error();
}

enum status signature_check_cms(const struct signature_material *material, struct verify_watch *watch,
				struct verify_finding *finding, struct error *reterr)
{
	SCOPED(CMS_ContentInfo) cms = read_cms(material->signature);
	SCOPED(X509_STORE) store = NULL;
	SCOPED(BIO) content = BIO_new_file(material->path, "rb");

	text_copy(finding->means, sizeof(finding->means), "cms");
	if (atomic_load(&watch->cancel))
		return error_set(reterr, STATUS_CANCELLED, "checking '%s' was stopped", material->path);
	if (cms == NULL || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
		ERR_clear_error();
		return error_set(
			reterr, STATUS_INVALID,
			"the signature cannot be read: it looks like CMS (PKCS#7), but is damaged or of another type");
	}
	if (content == NULL)
		return no_memory(material->path, reterr);
	if (material->ca.size > 0) {
		store = read_authorities(material->ca);
		ERR_clear_error();
		if (store == NULL) {
			error_set(reterr, STATUS_INVALID, "there is no certificate in what --ca names");
			return error_hint(reterr,
					  "Certificates in PEM are: they begin with -----BEGIN CERTIFICATE-----");
		}
	}
	check_cms_content(cms, material, store, content, finding);
	return STATUS_OK;
}
