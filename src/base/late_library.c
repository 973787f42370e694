#include "src/base/late_library.h"

#include <dlfcn.h>
#include <string.h>

bool late_library_load(const char *const *files, const char *const *calls, void *ret_calls)
{
	char *to = ret_calls;
	void *library = NULL;

	for (; *files != NULL && library == NULL; files++)
		library = dlopen(*files, RTLD_LAZY | RTLD_LOCAL);
	for (; library != NULL && *calls != NULL; calls++) {
		void *call = dlsym(library, *calls);

		if (call == NULL)
			return false;
		memcpy(to, &call, sizeof(call));	/* POSIX, dlsym: a pointer to a function has the same shape */
		to += sizeof(call);
	}
	return library != NULL;
}
