/** The bytes of an array, or undefined where its memory was transferred to another thread. */
export function memoryOf(array: ArrayBufferView | ArrayBuffer): Uint8Array | undefined {
  try {
    return ArrayBuffer.isView(array)
      ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
      : new Uint8Array(array);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
