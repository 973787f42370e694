/* src/media/curl_library.h
 *
 * libcurl, loaded when something is fetched and not before: with what it stands on (TLS, Kerberos, LDAP, ...) it would double the time that every
 * start of the program takes, and a bench without network does not need it at all. */
#ifndef UNBRICK_MEDIA_CURL_LIBRARY_H
#define UNBRICK_MEDIA_CURL_LIBRARY_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "src/base/status.h"

struct curl_library {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
	CURLcode (*easy_perform)(CURL *curl);
	void (*easy_cleanup)(CURL *curl);
	const char *(*easy_strerror)(CURLcode code);
	curl_version_info_data *(*version_info)(CURLversion version);
};

/* Loads it, or finds it loaded; it stays for the life of the process, for a thread of its own may still run. UNSUPPORTED: it is not on this
 * machine, with what to install. */
enum status curl_library_load(struct curl_library *ret_library, struct error *reterr);

#endif
