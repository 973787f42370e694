/* src/io/bench_content.h
 *
 * What is on a card, in a few words for the list of cards: "vfat BOOT", "2 partitions", "empty", "unknown data"; ""
 * when it may not be read. udev's database is asked first: it knows without touching the card, and for users who may
 * not read it. */
#ifndef UNBRICK_IO_BENCH_CONTENT_H
#define UNBRICK_IO_BENCH_CONTENT_H

#include "src/io/bench_internal.h"

/* disk: "sdb"; path: "/dev/sdb". From udev's database; false when it says nothing about a file system: to may be filled
 * all the same. */
bool bench_content_known(const struct bench_roots *roots, const char *disk, char *to, size_t size);
/* From the card itself, opened for reading only; leaves to alone when that may not be. */
void bench_content_probe(const struct bench_roots *roots, const char *path, char *to, size_t size);

#endif
