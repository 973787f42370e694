/* src/store/folders.h
 *
 * The folders and the disk that what is kept lies on. */
#ifndef UNBRICK_STORE_FOLDERS_H
#define UNBRICK_STORE_FOLDERS_H

#include <stddef.h>

/* Makes the folder and all that are above it, 0700 each. Returns 0, or the errno that stopped it. */
int folder_make(const char *folder);
/* The folder that a path lies in: up to its last slash, "." when there is none; returns to. */
char *folder_of(const char *path, char *to, size_t size);
/* What the disk of a folder has left: "3.2 GiB", or "an unknown amount of space"; returns to. */
char *folder_room(const char *folder, char *to, size_t size);

#endif
