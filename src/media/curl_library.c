#include "src/media/curl_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "src/base/cleanup.h"

enum status curl_library_load(struct curl_library *ret_library, struct error *reterr)
{
	static const struct { const char *name; size_t at; } calls[] = {
		{ "curl_global_init", offsetof(struct curl_library, global_init) },
		{ "curl_easy_init", offsetof(struct curl_library, easy_init) },
		{ "curl_easy_setopt", offsetof(struct curl_library, easy_setopt) },
		{ "curl_easy_getinfo", offsetof(struct curl_library, easy_getinfo) },
		{ "curl_easy_perform", offsetof(struct curl_library, easy_perform) },
		{ "curl_easy_cleanup", offsetof(struct curl_library, easy_cleanup) },
		{ "curl_easy_strerror", offsetof(struct curl_library, easy_strerror) },
		{ "curl_version_info", offsetof(struct curl_library, version_info) },
	};
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };	/* one ABI since 2006 */
	void *library = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && library == NULL; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; library != NULL && i < ARRAY_SIZE(calls); i++) {
		void *call = dlsym(library, calls[i].name);

		if (call == NULL)
			library = NULL;
		else
			memcpy((char *)ret_library + calls[i].at, &call, sizeof(call));
	}
	if (library != NULL)
		return STATUS_OK;
	error_set(reterr, STATUS_UNSUPPORTED, "libcurl, which fetches files, is not on this machine");
	return error_hint(reterr, "Install libcurl4 (elsewhere: libcurl, curl); or fetch the file by a browser, then: unbrick verify FILE");
}
