import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'bench/node_modules/', '.vitest/'] },
  { files: ['**/*.ts', '**/*.js', '**/*.mjs'], extends: [tseslint.configs.recommended] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      // Arguments come from JavaScript callers too: checks that the types call needless are not.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // for-of over a typed array is several times slower than an index.
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    // Names and codecs are pure: bytes in, bytes out. Only disk/, fits/ and cli/ touch the file system.
    files: ['src/ref/**', 'src/light-curve/**', 'src/codec/**', 'src/session/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['node:fs', 'node:fs/promises', 'fs'] }],
    },
  },
);
