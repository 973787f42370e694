/* src/media/signature_cms.c
 *
 * CMS (PKCS#7, RFC 5652): the signature fits, or not; who made it, and whether somebody vouches for him, is another question. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/cms.h>	/* behind pem.h: its PEM functions are there only then */
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/signature_check.h"
#include "src/media/signature_key.h"
#include "src/media/signature_openssl.h"

CLEANUP_WITH(CMS_ContentInfo, CMS_ContentInfo_free)

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
	SCOPED(EVP_PKEY) key = given.size > 0 ? signature_key_parse(given, who, sizeof(who)) : NULL;
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
			verify_finding_conclude(finding, VERIFY_OK, "the signature fits, and --key is the key that made it");
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

	verify_finding_conclude(finding, count > 0 ? VERIFY_OK : VERIFY_CANNOT_TELL,
		 count > 0 ? "the signature fits, and --ca vouches for who signed" : "nobody has signed it");
	for (int i = 0; i < count; i++)
		judge_signer(sk_X509_value(signers, i), others, store, given, finding);
	if (count > 0)
		signature_certificate_name(sk_X509_value(signers, 0), finding->who, sizeof(finding->who));
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

		certificate = from.size > 0 ? signature_certificate_read(from) : NULL;
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
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL, "the certificate of who signed is not in it: --key names it");
	else if (failed_by(errors, count, CMS_R_VERIFICATION_FAILURE))
		verify_finding_conclude(finding, VERIFY_WRONG, "the signature is not of this file");
	else
		text_format(finding->reason, sizeof(finding->reason), "the signature cannot be checked%s%s",
			    why ? ": " : "", why ? why : "");
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
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to check '%s'", material->path);
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
