/* In the place of fetch.c where libcurl is missing. */
#include "src/media/fetch.h"

#include "src/base/text.h"

enum status fetch_prepare(struct error *reterr)
{
	error_set(reterr, STATUS_UNSUPPORTED, "this build has no libcurl, which fetches files");
	return error_hint(reterr, "Install libcurl4-openssl-dev (elsewhere: libcurl-devel, curl-dev) and build again; or fetch it by a browser, "
			  "then: unbrick verify FILE");
}

enum status fetch_once(const struct fetch_request *request, struct fetch_watch *watch, struct fetch_result *ret_result, struct error *reterr)
{
	(void)request;
	(void)watch;
	(void)ret_result;
	return fetch_prepare(reterr);
}

char *fetch_library_version(char *to, size_t size)
{
	return text_copy(to, size, "");
}
