"""Where the batches of an ImageDataGenerator come from: arrays, folders, tables of files."""


class Flows:
    """The part of ImageDataGenerator that makes iterators over batches."""

    def flow(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
    ):
        """Batches from arrays.

        Args:
            x: images (n, …), or (images, other array or list of arrays).
            y: targets, None for none.
            batch_size: images in a batch.
            shuffle: new order at every pass.
            sample_weight: one number for each image.
            seed: of order and transformations.
            save_to_dir, save_prefix, save_format: write the images made there.
            subset: "training" or "validation", with `validation_split`.
        """
        from .iterators import NumpyArrayIterator

        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
    ):
        """Batches from a folder with one sub-folder of images for each class.

        Args:
            directory: the folder.
            target_size: (height, width) of the images.
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of the sub-folders; None: all, sorted.
            class_mode: "categorical", "binary", "sparse", "input" or None.
            batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset: as in `flow`.
            follow_links: whether to look into linked folders.
            interpolation: of the resizing.
        """
        from .file_iterators import DirectoryIterator

        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            data_format=self.data_format,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
        **kwargs,
    ):
        """Batches from a table (a pandas DataFrame) of file names and targets.

        Args:
            dataframe: the table.
            directory: folder of the files; None: the names are whole paths.
            x_col, y_col, weight_col: columns of names, targets and sample weights.
            class_mode: "categorical", "binary", "sparse", "input", "raw", "multi_output" or None.
            validate_filenames: leave out rows whose file is not there.
            kwargs: of older versions: `drop_duplicates`, `has_ext`, `sort`; ignored.
            The others are as in `flow_from_directory`.
        """
        from .table_iterator import DataFrameIterator

        unknown = set(kwargs) - {"drop_duplicates", "has_ext", "sort"}
        if unknown:
            raise TypeError(f"flow_from_dataframe: unknown arguments {sorted(unknown)}.")
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            data_format=self.data_format,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            validate_filenames=validate_filenames,
            dtype=self.dtype,
        )
