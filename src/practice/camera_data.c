/* The data partition: a list of names and sizes in its first block stands for a jffs2 with settings, logs and clips. */
#include "src/base/text.h"
#include "src/practice/camera.h"

enum { DATA_HEADER = 8, DATA_ENTRY = DATA_NAME_MAX + 4, DATA_PAGE = 4096, DATA_RESERVE = 64 << 10 };

static const char magic[] = "PDFS";

bool data_load(const struct flash *flash, struct data_files *ret_files)
{
	const uint8_t *at = flash->data + DATA_OFFSET;
	uint32_t count = load_be32(at + 4);

	ret_files->count = 0;
	if (memcmp(at, magic, 4) != 0 || count > DATA_FILES_MAX)
		return false;
	for (at += DATA_HEADER; count > 0; count--, at += DATA_ENTRY) {
		struct data_file *file = &ret_files->file[ret_files->count++];

		text_printable(file->name, sizeof(file->name),
			       bytes_of(at, strnlen((const char *)at, DATA_NAME_MAX - 1)));
		file->size = load_be32(at + DATA_NAME_MAX);
		if (file->size > DATA_SIZE)
			file->size = DATA_SIZE;
	}
	return true;
}

void data_store(struct flash *flash, const struct data_files *files)
{
	uint8_t *at = flash->data + DATA_OFFSET;

	flash_erase_block(flash, DATA_OFFSET / FLASH_BLOCK);
	memcpy(at, magic, 4);
	store_be32(at + 4, (uint32_t)files->count);
	at += DATA_HEADER;
	for (size_t i = 0; i < files->count; i++, at += DATA_ENTRY) {
		memset(at, 0, DATA_NAME_MAX);
		memcpy(at, files->file[i].name, strnlen(files->file[i].name, DATA_NAME_MAX - 1));
		store_be32(at + DATA_NAME_MAX, files->file[i].size);
	}
}

uint64_t data_used(const struct data_files *files)
{
	uint64_t used = 0;

	for (size_t i = 0; i < files->count; i++)
		used += (files->file[i].size + DATA_PAGE - 1) / DATA_PAGE * DATA_PAGE;
	return used > data_size() ? data_size() : used;
}

uint64_t data_size(void)
{
	return DATA_SIZE - FLASH_BLOCK;
}

bool data_is_full(const struct data_files *files)
{
	return data_used(files) + DATA_RESERVE > data_size();
}
