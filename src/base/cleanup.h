/* src/base/cleanup.h
 *
 * Scope clean-up (GNU C). AUTO(image) declares a `struct image *` that image_free() frees at the end of the scope unless
 * TAKE hands it on. Idea: systemd's cleanup attributes. */
#ifndef UNBRICK_BASE_CLEANUP_H
#define UNBRICK_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Once per type that is used with AUTO, in the file that uses it: DEFINE_AUTO(image) needs image_free(struct image *). */
#define DEFINE_AUTO(name) \
	static inline void name##_auto(struct name **thing) { name##_free(*thing); } \
	struct name
#define AUTO(name) __attribute__((cleanup(name##_auto))) struct name *

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}
static inline void cleanup_close(const int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}
#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))

#define TAKE(pointer) \
	({ __typeof__(pointer) taken_ = (pointer); (pointer) = NULL; taken_; })
#define TAKE_FD(descriptor) \
	({ int taken_ = (descriptor); (descriptor) = -1; taken_; })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
