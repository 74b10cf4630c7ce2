"""A schema of as many types as one likes, always the same: what a large company's API looks like to a program.

    python large.py 1500 > large.graphql
"""

import sys

# Of a hundred types: as in GitHub's and Shopify's schemas, most are objects.
OBJECTS, INPUTS, ENUMS, INTERFACES, UNIONS = 72, 15, 8, 3, 2
FIELDS = 8


def large_schema(types):
    """SDL with this many types, the root types and scalars among them."""
    hundreds = types // 100
    parts = [ROOTS, *(_entity(number) for number in range(hundreds))]
    rest = types - sum(part.count("\n}") + part.count("\nunion ") + part.count("\nscalar ") for part in parts)
    parts.append("\n".join(f"\nscalar Scalar{number}" for number in range(rest)))
    return "\n".join(parts)


ROOTS = '''
scalar DateTime

type Query {
  "The newest of all."
  newest(first: Int = 10, after: String): [Interface0x0!]!
  item(id: ID!): Object0x0
  search(text: String!, kinds: [Enum0x0!], where: Input0x0): [Union0x0!]!
}

type Mutation {
  change(input: Input0x0!): Object0x0
}

type Subscription {
  onChange(id: ID): Object0x0
}
'''


def _entity(number):
    """About a hundred types, which refer to each other and to the next hundred."""
    parts = []
    for i in range(INTERFACES):
        parts.append(f'\n"Something with a name."\ninterface Interface{number}x{i} {{\n  id: ID!\n  name: String\n}}')
    for i in range(OBJECTS - 4 * (number == 0)):
        interface = f"Interface{number}x{i % INTERFACES}"
        fields = [
            '  "What it is known by."\n  id: ID!',
            "  name: String",
            *(
                f'  "The field of number {j}, which tells of a relation."\n'
                f"  field{j}(first: Int, where: Input{number}x{j % INPUTS}): [Object{number}x{(i + j + 1) % (OBJECTS - 4)}!]"
                for j in range(FIELDS - 4)
            ),
            f"  kind: Enum{number}x{i % ENUMS}",
            '  created: DateTime! @deprecated(reason: "Ask for `createdAt`.")',
            "  createdAt: DateTime!",
        ]
        parts.append(f"\ntype Object{number}x{i} implements {interface} {{\n" + "\n".join(fields) + "\n}")
    for i in range(INPUTS):
        fields = f"  id: ID\n  name: String = \"none\"\n  kind: Enum{number}x{i % ENUMS}\n  and: [Input{number}x{i}!]"
        parts.append(f"\ninput Input{number}x{i} {{\n{fields}\n}}")
    for i in range(ENUMS):
        values = "\n".join(f"  VALUE_{j}" for j in range(10))
        parts.append(f"\nenum Enum{number}x{i} {{\n{values}\n}}")
    for i in range(UNIONS):
        members = " | ".join(f"Object{number}x{(i + j) % 60}" for j in range(5))
        parts.append(f"\nunion Union{number}x{i} = {members}")
    return "\n".join(parts)


if __name__ == "__main__":
    print(large_schema(int(sys.argv[1])))
