#include "src/media/curl_library.h"


enum status curl_library_load(struct curl_library *ret_library, struct error *reterr)
{
	if (curl_library_open(ret_library))
		return STATUS_OK;
	error_set(reterr, STATUS_UNSUPPORTED, "libcurl, which fetches files, is not on this machine");
	return error_hint(reterr, "Install libcurl4 (elsewhere: libcurl, curl); or fetch the file by a browser, then: unbrick verify FILE");
}
