import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { importOrder } from './scripts/import-order.mjs';

const sources = ['apps/**/*.ts', 'libs/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts'];
const tests = ['**/*[.-]spec.ts', '{apps,libs}/*/test/**/*.ts', '**/*testing.ts'];
const cores = ['libs/crypto/src/**/*.ts', 'libs/*/src/core/**/*.ts'];

const noEnum = {
  selector: 'TSEnumDeclaration',
  message: 'A union of literals says the same and is gone at run time.',
};
/** Time and chance reach a core as arguments; otherwise nothing could be replayed. */
const impure = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'A core has no clock: take `now`.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'A core has no clock: take `now`.',
  },
  {
    selector: 'MemberExpression[object.name=/^(?:process|performance)$/]',
    message: 'A core knows neither its process nor a clock.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'A core throws no dice: take the bytes.',
  },
  { selector: 'ImportSpecifier[imported.name=/^random/]', message: 'A core throws no dice: take the bytes.' },
  {
    selector: 'CallExpression[callee.name=/^(?:fetch|set(?:Timeout|Interval|Immediate))$/]',
    message: 'A core waits for nothing.',
  },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', '.lexecon/**'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: sources,
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { house: { rules: { 'import-order': importOrder } } },
    rules: {
      'house/import-order': 'error',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off', // does not end on some recursive types
      'no-restricted-syntax': ['error', noEnum],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    // Providers on this machine, for development and tests; production refuses them in its settings.
    files: ['libs/identity/src/sso/provider.directory.ts'],
    rules: {
      '@typescript-eslint/no-deprecated': [
        'error',
        { allow: [{ from: 'package', name: 'allowInsecureRequests', package: 'openid-client' }] },
      ],
    },
  },
  { files: cores, ignores: tests, rules: { 'no-restricted-syntax': ['error', noEnum, ...impure] } },
  { files: ['apps/verify/**/*.ts', 'bench/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: tests,
    rules: {
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
