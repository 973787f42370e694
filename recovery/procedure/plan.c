#include "recovery/procedure/plan.h"

#include <inttypes.h>
#include <stdio.h>

#include "recovery/loader/loader.h"
#include "src/base/text.h"

static bool method_treats(const struct profile_method *method, enum cause cause)
{
	for (unsigned i = 0; i < method->treats.count; i++)
		if (text_equal(method->treats.item[i], cause_label(cause)))
			return true;
	return method->treats.count == 0;
}

/* The causes that lead: those within a hair of the first count alike. */
static bool leads(const struct verdict *verdict, size_t index)
{
	return index == 0 || (!verdict->is_decided && verdict->causes[0].confidence - verdict->causes[index].confidence < 0.15);
}

static bool needs(const struct procedure *procedure, const char *what)
{
	return text_has_word(procedure->needs, what);
}

static bool waits_for_retry(const struct procedure *procedure)
{
	for (unsigned i = 0; i < procedure->step_count; i++)
		if (procedure->steps[i].kind == STEP_WAIT && text_equal(procedure_step_field(&procedure->steps[i], "for"), "retry"))
			return true;
	return false;
}

bool plan_can_load_by_serial(const struct procedure *procedure, const struct profile *profile)
{
	const struct loader_driver *driver = loader_driver_find(profile->console.loader);
	bool loads = false;

	for (unsigned i = 0; i < procedure->step_count; i++) {
		const struct procedure_step *step = &procedure->steps[i];

		if (step->kind == STEP_PUT || (step->kind == STEP_SERVE && !text_equal(procedure_step_field(step, "protocol"), "tftp")))
			return false;
		loads = loads || (step->kind == STEP_LOAD && text_equal(procedure_step_field(step, "by"), "tftp"));
	}
	return loads && driver != NULL && driver->load_serial != NULL;
}

static bool only_prepares(const struct procedure *procedure)
{
	for (unsigned i = 0; i < procedure->step_count; i++)
		if (procedure->steps[i].kind == STEP_VERIFY || procedure->steps[i].destroys)
			return false;
	return true;
}

/* Something that the device itself showed says so: a silent line may be a loose wire, or a bootloader that is told to be silent. */
static bool bootloader_is_gone(const struct verdict *verdict, const struct plan_bench *bench)
{
	if (verdict->cause != CAUSE_BOOTLOADER_GONE || !verdict->is_decided || verdict->cause_count == 0 || bench->is_at_prompt || bench->is_at_login)
		return false;
	for (size_t i = 0; i < verdict->causes[0].proof_count; i++)
		if (verdict->causes[0].proof[i].source == EVIDENCE_LINE || verdict->causes[0].proof[i].source == EVIDENCE_COURSE ||
		    verdict->causes[0].proof[i].source == EVIDENCE_PROBE)
			return true;
	return false;
}

/* Nobody else answers at its prompt, asks for a file or looks at a card; and a device without one does not try again. */
static bool is_done_by_bootloader(const struct procedure_step *step)
{
	switch (step->kind) {
	case STEP_STOP_BOOT: case STEP_LOAD: case STEP_UNLOCK: case STEP_COMPARE: case STEP_WRITE: case STEP_READBACK: case STEP_ENVIRONMENT:
	case STEP_BOOT: case STEP_SERVE: case STEP_PUT: case STEP_MEDIA:
		return true;
	case STEP_SEND:
		return !text_equal(procedure_step_field(step, "to"), "shell");
	case STEP_LOOK:
		return !text_equal(procedure_step_field(step, "at"), "space");
	case STEP_WAIT:
		return text_equal(procedure_step_field(step, "for"), "retry");
	default:
		return false;
	}
}

/* A way that brings a bootloader along needs none, and a profile that names the fault for a way knows better. */
static bool needs_bootloader(const struct plan_item *item)
{
	bool needs_it = false;

	if (item->method->treats.count > 0 && method_treats(item->method, CAUSE_BOOTLOADER_GONE))
		return false;
	for (unsigned i = 0; i < item->procedure->step_count; i++) {
		const struct procedure_step *step = &item->procedure->steps[i];

		if (step->kind == STEP_UART_LOAD || step->kind == STEP_USB_ROM || step->kind == STEP_SPI)
			return false;
		needs_it = needs_it || is_done_by_bootloader(step);
	}
	return needs_it;
}

static void find_obstacle(struct plan_item *item, const struct profile *profile, const struct verdict *verdict, const struct plan_bench *bench)
{
	const char *obstacle = NULL;

	item->by_serial = needs(item->procedure, "network") && !bench->has_network && bench->has_serial && plan_can_load_by_serial(item->procedure, profile);
	if (bootloader_is_gone(verdict, bench) && needs_bootloader(item))
		obstacle = "needs the bootloader, which is not there";
	else if (needs(item->procedure, "serial") && !bench->has_serial)
		obstacle = "needs a serial line: connect the adapter";
	else if (needs(item->procedure, "network") && !bench->has_network && !item->by_serial)
		obstacle = "needs the network: no port of this machine has a link; plug the cable in";
	else if (needs(item->procedure, "card") && !bench->has_card)
		obstacle = "needs a memory card in a reader";
	else if (needs(item->procedure, "login") && !bench->is_at_login)
		obstacle = "needs the device's login prompt, and it does not come that far";
	else if (waits_for_retry(item->procedure) && bench->is_at_prompt)
		obstacle = "the bootloader waits at its prompt: it will not try again by itself";
	else if (waits_for_retry(item->procedure) && verdict->is_looping)
		obstacle = "it has tried again and again by itself, and that is what fails";
	item->is_possible = obstacle == NULL;
	text_copy(item->obstacle, sizeof(item->obstacle), obstacle ? obstacle : "");
}

static void find_reason(struct plan_item *item, const struct verdict *verdict)
{
	char causes[64] = "";

	for (size_t i = 0; i < verdict->cause_count; i++)
		if (leads(verdict, i) && method_treats(item->method, verdict->causes[i].cause)) {
			text_append(causes, sizeof(causes), "%s%s", causes[0] ? " and " : "", cause_label(verdict->causes[i].cause));
			item->treats = true;
			item->treats_first |= i == 0;
		}
	if (item->treats)
		snprintf(item->reason, sizeof(item->reason), "treats %s", causes);
	else
		text_copy(item->reason, sizeof(item->reason), "not meant for what was found");
}

static int rank(const struct plan_item *item)
{
	return (item->treats ? 8 : 0) + (item->is_possible ? 4 : 0) + (item->was_tried ? 0 : 2) + (item->treats_first ? 1 : 0);
}

size_t plan_make(const struct verdict *verdict, const struct profile *profile, const struct plan_bench *bench,
		 const struct procedure *(*find)(void *user, const char *name), void *user, struct plan_item *ret_items, size_t max)
{
	size_t count = 0;

	for (unsigned i = 0; i < profile->method_count && max > 0; i++) {
		struct plan_item item = { .method = &profile->methods[i] };
		size_t at;

		item.procedure = find(user, item.method->procedure);
		if (item.procedure == NULL)
			continue;
		find_reason(&item, verdict);
		find_obstacle(&item, profile, verdict, bench);
		item.only_prepares = only_prepares(item.procedure);
		item.was_tried = text_has_word(bench->tried, item.method->name);
		if (count == max && rank(&ret_items[max - 1]) >= rank(&item))
			continue;
		at = count < max ? count : max - 1;	/* a full list loses its last */
		/* Insertion keeps the profile's order among equals: it is the order in which the sources prefer them. */
		while (at > 0 && rank(&ret_items[at - 1]) < rank(&item)) {
			ret_items[at] = ret_items[at - 1];
			at--;
		}
		ret_items[at] = item;
		count += count < max;
	}
	return count;
}

static bool overlap(uint64_t offset, uint64_t size, const struct profile_partition *part)
{
	return offset < part->offset ? part->offset - offset < size : offset - part->offset < part->size;
}

enum status plan_guard_range(const struct profile *profile, uint64_t offset, uint64_t size, struct error *reterr)
{
	for (unsigned i = 0; i < profile->partition_count; i++) {
		const struct profile_partition *part = &profile->partitions[i];

		if (!overlap(offset, size, part) || (!text_equal(part->guard, "never-write") && !text_equal(part->guard, "unit-data")))
			continue;
		error_set(reterr, STATUS_REFUSED, "writing 0x%" PRIx64 " bytes at 0x%" PRIx64 " would overwrite the partition '%s', which nothing could bring back", size,
			  offset, part->name);
		return error_hint(reterr, "check that the image is the one for this model");
	}
	return STATUS_OK;
}

/* The blocks that an erase takes whole; 512 where none is erased. */
static uint64_t erase_size(const struct profile *profile)
{
	if (profile->storage.erase_size != 0)
		return profile->storage.erase_size;
	return text_equal(profile->storage.kind, "nand") ? 128 * 1024 :
	       text_equal(profile->storage.kind, "spi-nor") || text_equal(profile->storage.kind, "cfi") ? 64 * 1024 : 512;
}

enum status plan_image_range(const struct profile *profile, uint64_t *ret_offset, uint64_t *ret_size, struct error *reterr)
{
	uint64_t offset = 0, size = 0;

	for (unsigned i = 0; i < profile->image_covers.count; i++) {
		const struct profile_partition *part = NULL;

		for (unsigned k = 0; k < profile->partition_count; k++)
			if (text_equal(profile->partitions[k].name, profile->image_covers.item[i]))
				part = &profile->partitions[k];
		if (part == NULL || (i > 0 && part->offset != offset + size))
			return error_set(reterr, STATUS_INVALID, "the profile %s does not say where its image lies in the flash", profile->id);
		if (i == 0)
			offset = part->offset;
		if (part->size > UINT64_MAX - offset - size)
			return error_set(reterr, STATUS_INVALID, "the partitions of the profile %s lie beyond every flash", profile->id);
		size += part->size;
	}
	if (size == 0)
		return error_set(reterr, STATUS_INVALID, "the profile %s does not say which partitions its image covers", profile->id);
	/* An image of any size that fits is then rounded up to erase blocks within the range, never into the neighbour. */
	if (offset % erase_size(profile) != 0 || size % erase_size(profile) != 0)
		return error_set(reterr, STATUS_INVALID, "the image's partitions in the profile %s do not begin and end at erase blocks of 0x%" PRIx64 " bytes",
				 profile->id, erase_size(profile));
	*ret_offset = offset;
	*ret_size = size;
	return STATUS_OK;
}

const struct profile_partition *plan_not_reached(const struct profile *profile, uint64_t image_size)
{
	uint64_t offset, size;
	struct error ignored;

	if (plan_image_range(profile, &offset, &size, &ignored) != STATUS_OK)
		return NULL;
	for (unsigned i = 0; i < profile->image_covers.count; i++) {
		const struct profile_partition *part = profile_partition_named(profile, profile->image_covers.item[i]);

		if (part != NULL && part->offset - offset >= image_size)
			return part;
	}
	return NULL;
}
