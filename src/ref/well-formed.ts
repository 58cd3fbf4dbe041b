/** Whether UTF-8 can express the text: it holds no lone surrogate. (In Node 20, but not in the ES2023 types.) */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
