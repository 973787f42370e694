/* src/media/curl_library.h
 *
 * libcurl, loaded when something is fetched and not before (src/base/late_library.h): a bench without network does not need it at all. */
#ifndef UNBRICK_MEDIA_CURL_LIBRARY_H
#define UNBRICK_MEDIA_CURL_LIBRARY_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "src/base/late_library.h"
#include "src/base/status.h"

#define CURL_CALLS(call) \
	call(curl_, global_init) call(curl_, easy_init) call(curl_, easy_setopt) call(curl_, easy_getinfo) call(curl_, easy_perform) \
	call(curl_, easy_cleanup) call(curl_, easy_strerror) call(curl_, version_info)

LATE_LIBRARY(curl_library, CURL_CALLS, "libcurl.so.4", "libcurl-gnutls.so.4")	/* one ABI since 2006 */

/* UNSUPPORTED: it is not on this machine, with what to install. */
enum status curl_library_load(struct curl_library *ret_library, struct error *reterr);

#endif
