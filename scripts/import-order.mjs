// An ESLint rule: imports come from far to near (Node, packages, rooms, this room), so that a reader sees at once what a
// file depends on. Within a group the order is the author's.
const groups = [/^node:/, /^(?![.@]|node:)|^@(?!lexecon\/)/, /^@lexecon\//, /^\./];

const groupOf = (node) => groups.findIndex((pattern) => pattern.test(node.source.value));

/** @type {import('eslint').Rule.RuleModule} */
export const importOrder = {
  meta: {
    type: 'layout',
    fixable: 'code',
    schema: [],
    messages: { order: 'Imports go from far to near: node:, packages, @lexecon, relative.' },
  },
  create: (context) => ({
    Program({ body }) {
      const imports = body.filter(({ type, specifiers }) => type === 'ImportDeclaration' && specifiers.length > 0);
      const wrong = imports.find((node, at) => at > 0 && groupOf(node) < groupOf(imports[at - 1]));
      if (!wrong) return;
      const source = context.sourceCode;
      const [first, last] = [imports[0], imports.at(-1)];
      const between = source.text.slice(first.range[0], last.range[1]);
      const sorted = [...imports].sort((a, b) => groupOf(a) - groupOf(b)).map((node) => source.getText(node));
      const onlyImports =
        between.replace(/\s/g, '') ===
        imports
          .map((node) => source.getText(node))
          .join('')
          .replace(/\s/g, '');
      context.report({
        node: wrong,
        messageId: 'order',
        ...(onlyImports && {
          fix: (fixer) => fixer.replaceTextRange([first.range[0], last.range[1]], sorted.join('\n')),
        }),
      });
    },
  }),
};
