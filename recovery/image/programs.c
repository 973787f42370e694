#include "recovery/image/programs.h"

#include "src/base/text.h"

void programs_look(struct programs *programs, struct bytes head)
{
	unsigned type = 0, i = 0;
	const char *arch = elf_arch(head, &type);

	programs->has_enough |= ++programs->looked >= PROGRAMS_LOOKED;
	if (arch[0] == '\0' || type < ELF_RELOCATABLE || type > ELF_SHARED)
		return;
	while (i < PROGRAM_ARCHS && programs->seen[i].arch != NULL && !text_equal(programs->seen[i].arch, arch))
		i++;
	if (i == PROGRAM_ARCHS)
		return;
	programs->seen[i].arch = arch;
	programs->seen[i].modules += type == ELF_RELOCATABLE;
	programs->seen[i].programs += type != ELF_RELOCATABLE;
	programs->has_enough |= programs->seen[i].programs >= PROGRAMS_ENOUGH;
}

/* Programs count before modules: firmware is also linked relocatable. */
static bool is_more(const struct programs *programs, unsigned a, unsigned b)
{
	if (programs->seen[a].programs != programs->seen[b].programs)
		return programs->seen[a].programs > programs->seen[b].programs;
	return programs->seen[a].modules > programs->seen[b].modules;
}

void programs_tell(const struct programs *programs, struct image_facts *facts)
{
	unsigned most = 0;

	for (unsigned i = 1; i < PROGRAM_ARCHS && programs->seen[i].arch != NULL; i++)
		if (is_more(programs, i, most))
			most = i;
	if (programs->seen[0].arch != NULL && facts->arch[0] == '\0') {
		text_copy(facts->arch, sizeof(facts->arch), programs->seen[most].arch);
		facts->is_arch_of_programs = true;
	}
}
